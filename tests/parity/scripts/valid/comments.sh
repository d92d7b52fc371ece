# if true; then
if true # then
then # else
  echo a#b ${#a} $# # fi
fi # done
