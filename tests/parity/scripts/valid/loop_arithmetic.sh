for ((i = 0, j = (1); i < 3; i++)); do if ((i)); then echo "$i"; fi; done
for ((;;)) { break; }
for (( a = $(echo "1;2" | wc -l); a; a-- ))
do :
done
