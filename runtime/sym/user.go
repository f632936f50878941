package sym

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/ianlancetaylor/demangle"

	"sonde/lang/types"
	"sonde/runtime/elfsym"
	"sonde/runtime/proc"
)

// Mode says what is remembered between look-ups; the values are those of the
// setting cache_user_symbols.
type Mode string

// The modes.
const (
	// PerPID keeps the memory maps of every process.
	PerPID Mode = "PER_PID"
	// PerProgram keeps those of one process for all that run the same program:
	// right when addresses are not randomised, and then it also serves processes
	// that ended before they could be asked.
	PerProgram Mode = "PER_PROGRAM"
	// NoCache keeps nothing.
	NoCache Mode = "NONE"
)

// Options are how a User works.
type Options struct {
	// Root is where the file system to look at is mounted, "/" if empty.
	Root     string
	Mode     Mode // PerPID if empty
	Demangle bool
}

// User looks up addresses of processes. It may be used by several goroutines.
type User struct {
	opt Options

	mu        sync.Mutex
	processes fifo[processKey, *process]
	files     fifo[fileKey, *elfsym.File]
	programs  map[uint32]fileKey // by pid, in mode PerProgram
	demangled map[string]string
	vdso      func() *elfsym.File
}

// processKey is a pid, or in mode PerProgram the program.
type processKey struct {
	pid     uint32
	program fileKey
}

// fileKey is a version of a file.
type fileKey struct {
	dev, inode uint64
	mtime      int64
}

// Limits of what is remembered, so that a long run over many processes does not
// grow without end.
const (
	maxProcesses = 2048
	maxFiles     = 512
)

// recheck is how long maps are believed without asking whether the process runs
// another program by now.
const recheck = 100 * time.Millisecond

// process is what is known of one.
type process struct {
	maps    []proc.Mapping
	files   map[int]*elfsym.File // by index in maps; nil: there is none
	exe     fileKey
	began   time.Time // when the program was first seen
	read    time.Time // when maps was
	checked time.Time
	jit     *perfMap
}

// NewUser makes a User.
func NewUser(opt Options) *User {
	if opt.Root == "" {
		opt.Root = "/"
	}
	if opt.Mode == "" {
		opt.Mode = PerPID
	}
	return &User{
		opt:       opt,
		processes: newFIFO[processKey, *process](maxProcesses),
		files:     newFIFO[fileKey, *elfsym.File](maxFiles),
		programs:  map[uint32]fileKey{},
		demangled: map[string]string{},
		vdso:      sync.OnceValue(readVDSO),
	}
}

// Lookup finds the function that an address of a process lies in. When there is
// none the result is false, with Module set if the address is mapped.
func (u *User) Lookup(pid uint32, address uint64) (types.Frame, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	frame := types.Frame{Addr: address}
	p := u.process(pid)
	if p == nil {
		return frame, false
	}
	i := p.find(address)
	if i < 0 {
		// A library may have been loaded since.
		if !u.reload(pid, p) {
			return frame, false
		}
		if i = p.find(address); i < 0 {
			return frame, false
		}
	}
	m := &p.maps[i]
	frame.Module = m.Path
	if jitted(m) {
		return u.lookupJIT(pid, p, frame)
	}
	f := u.file(pid, p, i)
	if f == nil {
		return frame, false
	}
	linked, ok := f.Address(address - m.Start + m.Offset)
	if !ok {
		return frame, false
	}
	s, ok := f.Table.Lookup(linked)
	if !ok {
		return frame, false
	}
	frame.Name, frame.Offset = u.plain(s.Name), linked-s.Address
	return frame, true
}

// Preload reads the maps of a process now, so that its addresses can be looked up
// after it has ended. A program loads its libraries in the first moments, and seldom later:
// what was read is read again when the time since is an eighth of what has passed since
// the program was first seen, so a handful of times however often this is called.
func (u *User) Preload(pid uint32) {
	if u.opt.Mode == NoCache {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if p, ok := u.processes.get(processKey{pid: pid}); ok {
		p.checked = time.Time{} // it may run another program by now
	}
	if p := u.process(pid); p != nil && time.Since(p.read) >= time.Since(p.began)/8 {
		u.reload(pid, p)
	}
}

// process gives what is known of a process, nil when nothing can be.
func (u *User) process(pid uint32) *process {
	key := processKey{pid: pid}
	if u.opt.Mode == PerProgram {
		exe, ok := u.exe(pid)
		if !ok {
			exe = u.programs[pid]
		} else {
			u.programs[pid] = exe
		}
		key = processKey{program: exe}
	}
	if p, ok := u.processes.get(key); ok {
		if u.opt.Mode == PerPID && time.Since(p.checked) > recheck {
			p.checked = time.Now()
			if exe, ok := u.exe(pid); ok && exe != p.exe {
				u.reload(pid, p)
			}
		}
		return p
	}
	p := &process{}
	if !u.reload(pid, p) {
		return nil
	}
	if u.opt.Mode != NoCache {
		u.processes.put(key, p)
	}
	return p
}

// reload reads the maps; false when the process has ended.
func (u *User) reload(pid uint32, p *process) bool {
	maps, err := proc.Maps(u.opt.Root, int(pid))
	if err != nil || len(maps) == 0 {
		return false
	}
	now := time.Now()
	p.maps, p.files, p.read, p.checked = maps, map[int]*elfsym.File{}, now, now
	if exe, _ := u.exe(pid); exe != p.exe || p.began.IsZero() {
		p.exe, p.began = exe, now
	}
	return true
}

func (u *User) exe(pid uint32) (fileKey, bool) {
	return keyOf(proc.Dir(u.opt.Root, int(pid), "exe"))
}

func keyOf(path string) (fileKey, bool) {
	var st syscall.Stat_t
	if syscall.Stat(path, &st) != nil {
		return fileKey{}, false
	}
	return fileKey{st.Dev, st.Ino, st.Mtim.Nano()}, true
}

// find gives the index of the executable mapping that holds address, -1 for none.
func (p *process) find(address uint64) int {
	i := sort.Search(len(p.maps), func(i int) bool { return p.maps[i].End > address })
	if i < len(p.maps) && p.maps[i].Start <= address {
		return i
	}
	return -1
}

// file gives the ELF file behind mapping i, nil when there is none to be had.
func (u *User) file(pid uint32, p *process, i int) *elfsym.File {
	f, ok := p.files[i]
	if !ok {
		f = u.load(pid, &p.maps[i])
		p.files[i] = f
	}
	return f
}

func (u *User) load(pid uint32, m *proc.Mapping) *elfsym.File {
	if m.Path == "[vdso]" {
		return u.vdso()
	}
	if !filepath.IsAbs(m.Path) {
		return nil
	}
	for _, name := range u.names(pid, m) {
		key, ok := keyOf(name)
		if !ok || key.inode != m.Inode {
			continue // another file by now
		}
		if f, ok := u.files.get(key); ok {
			return f
		}
		f, err := elfsym.Open(name)
		if err != nil {
			continue
		}
		if f.Stripped {
			f.AddDebug(filepath.Join(u.opt.Root, "usr/lib/debug"))
		}
		if u.opt.Mode != NoCache {
			u.files.put(key, f)
		}
		return f
	}
	return nil
}

// names are the ways to reach the file of a mapping: as the process sees it,
// through the mapping itself (also when the file was deleted; needs
// CAP_CHECKPOINT_RESTORE), and as we see it, for processes that have ended.
func (u *User) names(pid uint32, m *proc.Mapping) []string {
	mapped := proc.Dir(u.opt.Root, int(pid), "map_files", fmt.Sprintf("%x-%x", m.Start, m.End))
	if m.Deleted {
		return []string{mapped}
	}
	return []string{
		filepath.Join(proc.Dir(u.opt.Root, int(pid), "root"), m.Path), mapped, filepath.Join(u.opt.Root, m.Path),
	}
}

// plain gives a name as the source has it.
func (u *User) plain(name string) string {
	if !u.opt.Demangle || !strings.HasPrefix(name, "_Z") && !strings.HasPrefix(name, "_R") {
		return name
	}
	plain, ok := u.demangled[name]
	if !ok {
		plain = demangle.Filter(name)
		u.demangled[name] = plain
	}
	return plain
}

// readVDSO reads the code that the kernel maps into every process, from our own
// memory; nil when there is none.
func readVDSO() *elfsym.File {
	maps, err := proc.Maps("/", os.Getpid())
	if err != nil {
		return nil
	}
	for _, m := range maps {
		if m.Path != "[vdso]" {
			continue
		}
		mem, err := os.Open("/proc/self/mem")
		if err != nil {
			return nil
		}
		defer mem.Close()
		raw := make([]byte, m.End-m.Start)
		if _, err := io.ReadFull(io.NewSectionReader(mem, int64(m.Start), int64(len(raw))), raw); err != nil {
			return nil
		}
		f, err := elfsym.Read(bytes.NewReader(raw))
		if err != nil {
			return nil
		}
		return f
	}
	return nil
}
