//! Reading roster files.
