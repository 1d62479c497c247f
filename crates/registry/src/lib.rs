//! Organisations and what they own; who owns this address at that time
