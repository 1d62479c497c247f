//! HTTP: pages, charts, live updates
