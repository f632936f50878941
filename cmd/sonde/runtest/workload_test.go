package runtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// waitVariable makes a workload wait for the end of its standard input before it
// begins, and say so by a byte on descriptor 3. It polls, so that it makes no read
// of its own.
const waitVariable = "SONDE_WORKLOAD_WAITS"

// workloads are the programs that the tests trace. Each makes exactly the calls
// that its name and arguments say, all on one thread.
var workloads = map[string]func(args []string) error{
	"getppid":  getppid,
	"opens":    opens,
	"reads":    reads,
	"zeroes":   zeroes,
	"faults":   faults,
	"sleeps":   sleeps,
	"exits":    exits,
	"says":     says,
	"readline": readline,
	"touches":  touches,
	"packets":  packets,
	"talks":    talks,
	"told":     told,
	"spins":    spins,
	"inside":   inside,
}

// work runs a workload to its end and gives the exit status.
func work(run func([]string) error, args []string) int {
	if os.Getenv(waitVariable) != "" {
		if _, err := unix.Write(3, []byte{1}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		fds := []unix.PollFd{{Fd: 0, Events: unix.POLLIN}}
		for {
			if n, err := unix.Poll(fds, -1); n > 0 || err != unix.EINTR {
				break
			}
		}
	}
	if err := run(args); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// number is argument i, or 1.
func number(args []string, i int) int {
	if i >= len(args) {
		return 1
	}
	n, err := strconv.Atoi(args[i])
	if err != nil {
		panic(err)
	}
	return n
}

// getppid N makes that many calls.
func getppid(args []string) error {
	for range number(args, 0) {
		unix.Getppid()
	}
	return nil
}

// inside PROGRAM ARG... mounts a /proc of its own namespace, and becomes the program.
func inside(args []string) error {
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return err
	}
	return unix.Exec(args[0], args, os.Environ())
}

// spins MS keeps a processor busy for so long.
func spins(args []string) error {
	for end := time.Now().Add(time.Duration(number(args, 0)) * time.Millisecond); time.Now().Before(end); {
	}
	return nil
}

// opens FILE... opens each; one that does not exist is no error.
func opens(args []string) error {
	for _, name := range args {
		fd, err := unix.Open(name, unix.O_RDONLY, 0)
		if err == nil {
			unix.Close(fd)
		}
	}
	return nil
}

// reads SIZE... makes a read of each size.
func reads(args []string) error {
	fd, err := unix.Open("/dev/zero", unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	for i := range args {
		if _, err := unix.Read(fd, make([]byte, number(args, i))); err != nil {
			return err
		}
	}
	return nil
}

// zeroes MS reads without pause for that many milliseconds, nearly all of them
// spent in the kernel.
func zeroes(args []string) error {
	fd, err := unix.Open("/dev/zero", unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	buf := make([]byte, 1<<20)
	for end := time.Now().Add(time.Duration(number(args, 0)) * time.Millisecond); time.Now().Before(end); {
		if _, err := unix.Read(fd, buf); err != nil {
			return err
		}
	}
	return nil
}

// packets SIZE... writes a packet of each size to a network device of the module tun,
// which refuses them: the device is down.
func packets(args []string) error {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR, 0)
	if err != nil {
		return err
	}
	device, err := unix.NewIfreq("sonde0")
	if err != nil {
		return err
	}
	device.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, device); err != nil {
		return err
	}
	for i := range args {
		packet := make([]byte, number(args, i))
		packet[0] = 4 << 4 // IP version 4
		if _, err := unix.Write(fd, packet); err != unix.EIO {
			return fmt.Errorf("writing a packet: %w", err)
		}
	}
	return nil
}

// talks SIZE... sends messages of these sizes over a TCP connection of its own, and
// receives each whole before it sends the next.
func talks(args []string) error {
	local := &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}
	server, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(unix.Bind(server, local), unix.Listen(server, 1)); err != nil {
		return err
	}
	address, err := unix.Getsockname(server)
	if err != nil {
		return err
	}
	client, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	if err := unix.Connect(client, address); err != nil {
		return err
	}
	peer, _, err := unix.Accept(server)
	if err != nil {
		return err
	}
	for i := range args {
		message := make([]byte, number(args, i))
		if err := unix.Send(client, message, 0); err != nil {
			return err
		}
		if _, _, err := unix.Recvfrom(peer, message, unix.MSG_WAITALL); err != nil {
			return err
		}
	}
	return nil
}

// faults N touches that many fresh pages.
func faults(args []string) error {
	n, size := number(args, 0), os.Getpagesize()
	mem, err := unix.Mmap(-1, 0, n*size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return err
	}
	// A huge page would take all faults but the first away.
	_ = unix.Madvise(mem, unix.MADV_NOHUGEPAGE)
	for i := range n {
		mem[i*size] = 1
	}
	return nil
}

// sleeps N MS sleeps that many times, for so many milliseconds each.
func sleeps(args []string) error {
	ts := unix.NsecToTimespec(int64(number(args, 1)) * int64(time.Millisecond))
	for range number(args, 0) {
		for unix.Nanosleep(&ts, nil) == unix.EINTR {
		}
	}
	return nil
}

// exits STATUS ends with that status.
func exits(args []string) error {
	os.Exit(number(args, 0))
	return nil
}

// says WORD... prints the words.
func says(args []string) error {
	_, err := fmt.Println(strings.Join(args, " "))
	return err
}

// told FILE writes "ready" there, and the signal that ends it.
func told(args []string) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals)
	if err := os.WriteFile(args[0], []byte("ready"), 0o600); err != nil {
		return err
	}
	for s := range signals {
		if s != unix.SIGURG { // the Go runtime's own
			return os.WriteFile(args[0], []byte(s.String()), 0o600)
		}
	}
	return nil
}

// readline LINE... types the lines to an interactive bash.
func readline(args []string) error {
	bash := exec.Command("bash", "--noprofile", "--norc", "-i")
	bash.Env = append(os.Environ(), "TERM=dumb")
	terminal, err := pty.Start(bash)
	if err != nil {
		return err
	}
	defer terminal.Close()
	go func() { // the other end must not fill up
		buf := make([]byte, 4096)
		for {
			if _, err := terminal.Read(buf); err != nil {
				return
			}
		}
	}()
	for _, line := range append(args, "exit") {
		if _, err := fmt.Fprintln(terminal, line); err != nil {
			return err
		}
	}
	return bash.Wait()
}

// touches writes to the word at 0x10000000, and in another thread to the one behind it.
func touches(args []string) error {
	address := uintptr(0x10000000)
	page, err := unix.MmapPtr(-1, 0, *(*unsafe.Pointer)(unsafe.Pointer(&address)), uintptr(os.Getpagesize()),
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_FIXED)
	if err != nil {
		return err
	}
	words := (*[2]uint64)(page)
	n := uint64(number(args, 0))
	for i := range n {
		atomic.StoreUint64(&words[0], i)
	}
	done := make(chan struct{})
	runtime.LockOSThread()
	go func() {
		runtime.LockOSThread()
		for i := range n {
			atomic.StoreUint64(&words[1], i)
		}
		close(done)
	}()
	<-done
	return nil
}
