//! Scenarios against workerd, over HTTP.
