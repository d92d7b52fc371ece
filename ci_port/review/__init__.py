"""What a change does to every job. The two programs are passed in: this room knows neither, nor how they are asked."""
