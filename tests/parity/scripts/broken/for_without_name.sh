for ; do a; done
