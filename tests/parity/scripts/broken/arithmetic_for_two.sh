for ((i=0; i<1)); do a; done
