package main

import "os"

func interactive() int {
	usage(os.Stderr)
	return 1
}
