if true; then
	cat <<-EOF
	if
	EOF
	echo done
fi
