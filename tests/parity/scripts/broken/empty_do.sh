while a; do
done
