/* Preloaded into a process and those that it starts: writes down where they connect, whom they look up, and what they write. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void note(const char *what, const char *name) {
  const char *log = getenv("WATCH_LOG");
  char line[8192], full[4096] = "";
  if (!log || !name) return;
  if (name[0] != '/' && what[0] == 'w' && !getcwd(full, sizeof full)) full[0] = 0;
  int length = snprintf(line, sizeof line, "%s %s%s%s\n", what, full, full[0] ? "/" : "", name);
  long file = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT, 0600);
  if (file < 0) return;
  (void)!write((int)file, line, length < (int)sizeof line ? length : (int)sizeof line);
  close((int)file);
}

static void note_address(const struct sockaddr *address) {
  char name[INET6_ADDRSTRLEN] = "?";
  if (!address) return;
  if (address->sa_family == AF_INET) inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, name, sizeof name);
  else if (address->sa_family == AF_INET6) inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, name, sizeof name);
  else return;
  note("connects", name);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int connect(int fd, const struct sockaddr *address, socklen_t length) {
  note_address(address);
  return NEXT(connect)(fd, address, length);
}
ssize_t sendto(int fd, const void *content, size_t size, int flags, const struct sockaddr *address, socklen_t length) {
  note_address(address);
  return NEXT(sendto)(fd, content, size, flags, address, length);
}
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
  note("looks up", node);
  return NEXT(getaddrinfo)(node, service, hints, found);
}
struct hostent *gethostbyname(const char *node) {
  note("looks up", node);
  return NEXT(gethostbyname)(node);
}

#define OPEN(name, ...)                                                                     \
  mode_t mode = 0;                                                                          \
  if (flags & (O_CREAT | __O_TMPFILE)) {                                                    \
    va_list rest;                                                                           \
    va_start(rest, flags);                                                                  \
    mode = va_arg(rest, mode_t);                                                            \
    va_end(rest);                                                                           \
  }                                                                                         \
  if (flags & (O_CREAT | O_WRONLY | O_RDWR)) note("writes", path);                          \
  return NEXT(name)(__VA_ARGS__, flags, mode);

int open(const char *path, int flags, ...) { OPEN(open, path) }
int open64(const char *path, int flags, ...) { OPEN(open64, path) }
int openat(int folder, const char *path, int flags, ...) { OPEN(openat, folder, path) }
int openat64(int folder, const char *path, int flags, ...) { OPEN(openat64, folder, path) }
FILE *fopen(const char *path, const char *mode) {
  if (strpbrk(mode, "wa+")) note("writes", path);
  return NEXT(fopen)(path, mode);
}
FILE *fopen64(const char *path, const char *mode) {
  if (strpbrk(mode, "wa+")) note("writes", path);
  return NEXT(fopen64)(path, mode);
}
int mkdir(const char *path, mode_t mode) {
  note("writes", path);
  return NEXT(mkdir)(path, mode);
}
int rename(const char *from, const char *to) {
  note("writes", to);
  return NEXT(rename)(from, to);
}
