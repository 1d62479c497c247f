//! The control database: migrations, transactions, audit chain, outbox
