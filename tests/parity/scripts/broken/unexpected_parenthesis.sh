a
echo b )
