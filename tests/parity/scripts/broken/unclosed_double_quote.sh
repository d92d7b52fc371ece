a
echo "b
