//! Events at rest: Parquet written, filtered, grouped and counted
