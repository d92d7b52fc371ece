if a \
  && b; then \
  c; el\
se_command; fi
echo d\
e "f\
g"
