"""What stands in the way of moves, told before anybody moves anything: read, judged, and reported; nothing is changed."""
