# Debian packages of any suite and architecture, fetched with the machine's apt from
# the mirror that it is set up with, and unpacked into the cache: nothing is added
# to apt's own lists, and nothing but tools is installed. Sourced by ../vm and boot.

cache=${SONDE_VM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sonde-vm}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$*"; exit 125; }

# install COMMAND PACKAGE: makes sure that the command is there.
install_tool() {
	PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null && return
	say "installing $2"
	local log=$cache/install.log
	{ DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$2" ||
		{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$2"; }; } >"$log" 2>&1 ||
		{ tail -5 "$log" >&2; die "could not install $2"; }
}

# mirror prints the address of the Debian archive that this machine uses.
mirror() {
	local address
	address=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Created-By: Packages' |
		awk '$2 == "Debian" && $3 == "Debian" { print $1; exit }')
	[ -n "$address" ] || die "apt knows no Debian archive: run apt-get update, on Debian or a derivative"
	printf '%s' "${address%/}"
}

# apt SUITE ARCH COMMAND ARG...: apt-get or apt-cache with only that suite.
apt() {
	local suite=$1 arch=$2 state address
	shift 2
	state=$cache/apt/$suite-$arch
	local options=(
		-o Dir::State="$state" -o Dir::State::status="$state/status" -o Dir::State::Lists="$state/lists"
		-o Dir::Cache="$state/cache" -o Dir::Etc::SourceList="$state/sources.list"
		-o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null
		-o APT::Architecture="$arch" -o APT::Architectures="$arch" -o APT::Sandbox::User=root
		-o APT::Install-Recommends=false -o Acquire::Languages=none
	)
	if [ -z "$(find "$state/fresh" -mmin -1440 2>/dev/null)" ]; then
		[ -r "$keyring" ] || die "$keyring is missing: install debian-archive-keyring"
		address=$(mirror) || exit
		mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
		: >"$state/status"
		echo "deb [signed-by=$keyring] $address $suite main" >"$state/sources.list"
		say "fetching the package lists of $suite for $arch"
		apt-get "${options[@]}" -qq update >"$state/log" 2>&1 || { tail -3 "$state/log" >&2; die "no package lists of $suite"; }
		: >"$state/fresh"
	fi
	local command=$1
	shift
	"$command" "${options[@]}" "$@"
}

# unpack SUITE ARCH FOLDER PACKAGE...: the packages themselves, without what they
# depend on.
unpack() {
	local suite=$1 arch=$2 to=$3 package
	shift 3
	mkdir -p "$to" "$to/.deb"
	(cd "$to/.deb" && apt "$suite" "$arch" apt-get -qq download "$@" >/dev/null) || die "could not fetch $* of $suite"
	for package in "$to"/.deb/*.deb; do
		dpkg-deb --fsys-tarfile "$package" | tar -x -C "$to" --keep-directory-symlink || die "could not unpack $package"
	done
	rm -rf "$to/.deb"
}

# kernel_package NAME: suite, architecture, and a pattern for the package.
kernel_package() {
	case $1 in
	5.10) echo 'bullseye amd64 linux-image-5\.10\.0-[0-9]+-cloud-amd64' ;;
	6.1) echo 'bookworm amd64 linux-image-6\.1\.0-[0-9]+-cloud-amd64' ;;
	6.12) echo 'trixie amd64 linux-image-6\.12\.[0-9.]+\+deb13-cloud-amd64' ;;
	newest) echo 'trixie-backports amd64 linux-image-[0-9.]+\+deb13-cloud-amd64' ;;
	arm64) echo 'trixie arm64 linux-image-6\.12\.[0-9.]+\+deb13-cloud-arm64' ;;
	arm64-newest) echo 'trixie-backports arm64 linux-image-[0-9.]+\+deb13-cloud-arm64' ;;
	*) return 1 ;;
	esac
}

# kernel NAME: leaves vmlinuz, config, version, arch and lib/modules in the cache,
# and prints the folder.
kernel() {
	local folder=$cache/kernels/$1 suite arch pattern package version new part
	if [ ! -e "$folder/version" ]; then
		read -r suite arch pattern <<<"$(kernel_package "$1")"
		[ -n "$pattern" ] || die "no kernel named $1"
		install_tool depmod kmod
		package=$(apt "$suite" "$arch" apt-cache pkgnames linux-image- | grep -Ex "$pattern" | sort -V | tail -1)
		[ -n "$package" ] || die "$suite has no $pattern"
		say "fetching $package"
		version=${package#linux-image-}
		mkdir -p "$cache/kernels"
		new=$(mktemp -d "$cache/kernels/new.XXXXXX")
		unpack "$suite" "$arch" "$new" "$package"
		# Newer packages of that name are empty and depend on these.
		for part in "linux-binary-$version" "linux-modules-$version" "linux-base-$version"; do
			[ -z "$(apt "$suite" "$arch" apt-cache pkgnames "$part" | grep -Fx "$part")" ] || unpack "$suite" "$arch" "$new" "$part"
		done
		if [ -d "$new/usr/lib/modules" ]; then
			mkdir -p "$new/lib"
			mv "$new/usr/lib/modules" "$new/lib/"
		fi
		for part in vmlinuz config; do
			cp "$new/boot/$part-$version" "$new/$part" 2>/dev/null || cp "$new/lib/modules/$version/$part" "$new/$part" ||
				die "$package has no $part"
		done
		PATH=$PATH:/usr/sbin:/sbin depmod -b "$new" "$version" || die "depmod failed for $version"
		rm -rf "$new/boot" "$new/usr"
		echo "$arch" >"$new/arch"
		echo "$version" >"$new/version"
		rm -rf "$folder"
		mv "$new" "$folder"
	fi
	echo "$folder"
}

# userland ARCH: a small Debian tree for the machines, with what the tests trace:
# bash and the C library. Prints the folder.
userland() {
	local packages=(base-files libc6 libgcc-s1 libtinfo6 libselinux1 libpcre2-8-0
		libacl1 libattr1 libgmp10 bash coreutils grep busybox-static) new part folder
	folder=$cache/userland-$1-$(cksum <<<"${packages[*]}" | cut -d' ' -f1)
	if [ ! -e "$folder/init" ]; then
		say "making the user space for $1"
		new=$(mktemp -d "$cache/new.XXXXXX")
		for part in bin sbin lib lib64; do
			mkdir -p "$new/usr/$part"
			ln -s "usr/$part" "$new/$part"
		done
		unpack bookworm "$1" "$new" "${packages[@]}"
		ln -sf bash "$new/usr/bin/sh"
		mkdir -p "$new"/{dev,proc,sys,run,tmp,root,etc}
		chmod 1777 "$new/tmp"
		printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$new/etc/passwd"
		printf 'root:x:0:\nnogroup:x:65534:\n' >"$new/etc/group"
		echo sonde >"$new/etc/hostname"
		rm -rf "$new"/usr/share/{doc,man,locale,info} "$new"/usr/lib/*/gconv
		: >"$new/init"
		chmod 755 "$new"
		rm -rf "$folder"
		mv "$new" "$folder"
	fi
	echo "$folder"
}

# emulator COMMAND PACKAGE: prints the QEMU to use and its options for finding
# firmware. QEMU before 8.1 crashes guest kernels now and then (cmpxchg16b leaves
# wrong flags, and code that another processor patches while it is translated stays
# as it was: an int3 Oops when probes come and go), so a newer one of the backports
# is unpacked where the distribution's is older.
emulator() {
	local folder=$cache/qemu release
	install_tool "$1" "$2"
	if "$1" --version | awk 'NR == 1 { split($4, v, "."); exit !(v[1] > 8 || v[1] == 8 && v[2] >= 1) }'; then
		command -v "$1"
		return
	fi
	if [ ! -x "$folder/usr/bin/$1" ]; then
		release=$(. /etc/os-release && echo "$VERSION_CODENAME")
		say "fetching a newer QEMU from $release-backports"
		unpack "$release-backports" "$(dpkg --print-architecture)" "$folder" "$2" qemu-system-common qemu-system-data
	fi
	echo "$folder/usr/bin/$1 -L $folder/usr/share/qemu -L /usr/share/seabios -L /usr/share/qemu"
}
