time a; time -p b | c && d
time { if e; then f; fi; }
! time g || time ! h
time
