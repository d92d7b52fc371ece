case $a in
  b)
    case $c in
      (d | e) if f; then g; fi ;;
      esac
    ;;
  # a comment
  "esac") h ;;
  *)
    ;;
esac
