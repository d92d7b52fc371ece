echo 'it is; then fi' "if \"x\"; then" $'don\'t; done' $"else" a\;b \# not # a comment: if x; then
if [ "$1" = 'fi' ]; then echo "$(echo "nested "quotes" here")"; fi
