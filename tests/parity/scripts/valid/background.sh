a & b &
if c; then d & fi
(e &) & wait
