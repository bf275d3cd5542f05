"""The doctor: reads the hosts and reports what would keep moves from succeeding, before any is started. Changes nothing."""
