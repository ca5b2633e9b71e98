//! In-process tests of the whole site.
