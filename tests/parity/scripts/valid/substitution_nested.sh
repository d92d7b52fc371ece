a=$(if true; then echo $(if false; then echo x; else echo y; fi); fi)
b="$(case "$a" in y) echo "1 (one)" ;; *) echo 2 ;; esac)"
c=$( (a; b) ); d=$( ( (e) ) ); f=$(a && b || c)
