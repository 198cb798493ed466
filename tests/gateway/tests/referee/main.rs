//! The referee is held to the providers' published descriptions.

mod aliyun;
mod callbacks;
mod client;
mod faults;
mod tencent;
