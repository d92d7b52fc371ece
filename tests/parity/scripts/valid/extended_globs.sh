shopt -s extglob
case $a in
  @(b|c)*) d ;;
  !(e|f)) if [[ $g == +(h|i) ]]; then j; fi ;;
esac
ls ?(k) *(l|m)
