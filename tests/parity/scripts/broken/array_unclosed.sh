a=(b
c
