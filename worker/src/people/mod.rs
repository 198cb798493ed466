//! People who leave and come back, and whose a number is: what the office and
//! homeroom teachers do by hand (G10, G24, G25).

pub mod disputes;
pub mod leaving;
pub mod numbers;
pub mod preview;
pub mod routes;
