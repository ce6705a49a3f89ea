#!/bin/sh
# Makes sure that the tests find PostgreSQL and MariaDB: programs to start private servers with,
# else servers in containers; nginx and proxies; an SSH server; the programs of Prometheus and its
# Pushgateway; and a browser. Nothing is started here but the containers, and no service of the
# system is.
set -eu
cd "$(dirname "$0")/.."

python=.venv/bin/python
[ -x "$python" ] || python=python3
known=.tmp/servers.env

present() { "$python" tests/support/database_servers.py --check "$1" 2>/dev/null; }

# $@: packages.
install_on_debian() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    echo "Installing $*, without starting their services."
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
        trap 'rm -f "$policy"' EXIT INT TERM
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# $1: kind, $2: image, $3: port inside, then `docker run` options. Adds a line to $known.
container() {
    kind=$1 image=$2 port=$3
    shift 3
    name="snapshots-test-$kind"
    docker rm -f "$name" >/dev/null 2>&1 || true
    docker run -d --rm --name "$name" -p "127.0.0.1::$port" "$@" "$image" >/dev/null
    address=$(docker port "$name" "$port/tcp" | head -n 1)
    case $kind in
        postgres) url="postgresql://postgres:snapshots@$address/postgres" ;;
        *) url="mysql://root:snapshots@$address/mysql" ;;
    esac
    echo "SNAPSHOTS_TEST_$(echo "$kind" | tr '[:lower:]' '[:upper:]')=$url" >>"$known"
}

start_containers() {
    command -v docker >/dev/null && docker info >/dev/null 2>&1 || return 1
    echo "Starting PostgreSQL and MariaDB in containers snapshots-test-*."
    mkdir -p .tmp
    : >"$known"
    container postgres postgres:17 5432 -e POSTGRES_PASSWORD=snapshots
    container mysql mariadb:11 3306 -e MARIADB_ROOT_PASSWORD=snapshots
    PYTHONPATH=. "$python" -c "from tests.support.database_servers import wait_elsewhere; wait_elsewhere()"
}

if [ -n "${SNAPSHOTS_TEST_POSTGRES:-}" ] && [ -n "${SNAPSHOTS_TEST_MYSQL:-}" ]; then
    echo "Using the servers that SNAPSHOTS_TEST_POSTGRES and SNAPSHOTS_TEST_MYSQL name."
elif present databases ||
    { install_on_debian postgresql mariadb-server && present databases; }; then
    rm -f "$known"
    echo "PostgreSQL and MariaDB are installed."
elif start_containers; then
    echo "They are running."
else
    echo "The tests need real servers. Install PostgreSQL and MariaDB, for instance with" >&2
    echo "  apt-get install postgresql mariadb-server    or    brew install postgresql mariadb" >&2
    echo "or start Docker, or name servers in SNAPSHOTS_TEST_POSTGRES and SNAPSHOTS_TEST_MYSQL." >&2
    exit 1
fi

if present proxies || { install_on_debian nginx-light tinyproxy squid microsocks && present proxies; }; then
    echo "nginx, tinyproxy, squid and microsocks are installed."
else
    echo "The tests need nginx, tinyproxy, squid and microsocks. Install them, for instance with" >&2
    echo "  apt-get install nginx-light tinyproxy squid microsocks" >&2
    echo "  or    brew install nginx tinyproxy squid microsocks" >&2
    exit 1
fi

if present ssh || { install_on_debian openssh-server && present ssh; }; then
    echo "The server of OpenSSH is installed."
else
    echo "The tests need the server of OpenSSH. Install it, for instance with" >&2
    echo "  apt-get install openssh-server" >&2
    exit 1
fi

if present monitors ||
    { install_on_debian prometheus prometheus-pushgateway && present monitors; }; then
    echo "Prometheus and its Pushgateway are installed."
else
    echo "The tests need prometheus, promtool and pushgateway. Install them, for instance with" >&2
    echo "  apt-get install prometheus prometheus-pushgateway    or    brew install prometheus" >&2
    echo "  and go install github.com/prometheus/pushgateway@v1.11.1" >&2
    exit 1
fi

if present browser || { install_on_debian chromium fonts-dejavu-core && present browser; }; then
    echo "Chromium is installed."
else
    echo "The tests of the dashboard need Chromium or Google Chrome. Install it, for instance with" >&2
    echo "  apt-get install chromium    or    brew install --cask google-chrome" >&2
    exit 1
fi

if present network || { install_on_debian iproute2 util-linux && present network; }; then
    echo "The programs for hosts of their own are installed."
else
    echo "Without ip, unshare and setpriv (of Linux), the tests of a cluster's network are skipped." >&2
fi
