//! Placeholder until its pages stand.
