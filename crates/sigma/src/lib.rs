//! Sigma rules compiled into one matcher; usable without Noroshi
