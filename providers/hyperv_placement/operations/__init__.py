"""What an operator does, hosts and files at hand: plan, drift, delegation, accept, adopt, discover, doctor, record."""
