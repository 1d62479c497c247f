//! Ingest, detect, judge: from events to threats and campaigns
