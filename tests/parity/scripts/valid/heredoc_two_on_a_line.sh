cat <<A - <<"B" | while read -r line; do
if a $(if x; then y; fi)
A
else $(if
B
  echo "$line"
done
