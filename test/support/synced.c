/*
 * Loaded into a program with LD_PRELOAD. Keeps in $SYNCED_TO what a power cut would leave of the directory $SYNCED_FROM at worst: of each file what was in it
 * when it was last synced (files/INODE), and which names were in the directory when that was last synced (names).
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void give_up(const char *what) {
  perror(what);
  abort();
}

static void keep_file(int fd, const char *to) {
  struct stat file;
  if (fstat(fd, &file) != 0) give_up("synced: fstat");
  char draft[PATH_MAX], kept[PATH_MAX], block[65536];
  snprintf(draft, sizeof draft, "%s/draft", to);
  snprintf(kept, sizeof kept, "%s/files/%lu", to, (unsigned long)file.st_ino);
  /* One of our own: the program may have opened it for writing only. */
  char path[PATH_MAX];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  int in = open(path, O_RDONLY);
  int out = open(draft, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (in < 0 || out < 0) give_up("synced: open");
  ssize_t got;
  while ((got = read(in, block, sizeof block)) > 0)
    if (write(out, block, got) != got) give_up("synced: write");
  close(in);
  close(out);
  if (rename(draft, kept) != 0) give_up("synced: rename");
}

static void keep_names(const char *from, const char *to) {
  char draft[PATH_MAX], kept[PATH_MAX];
  snprintf(draft, sizeof draft, "%s/draft", to);
  snprintf(kept, sizeof kept, "%s/names", to);
  FILE *out = fopen(draft, "w");
  DIR *directory = opendir(from);
  if (out == NULL || directory == NULL) give_up("synced: names");
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) fprintf(out, "%lu %s\n", (unsigned long)entry->d_ino, entry->d_name);
  closedir(directory);
  fclose(out);
  if (rename(draft, kept) != 0) give_up("synced: rename");
}

static void keep(int fd) {
  const char *from = getenv("SYNCED_FROM"), *to = getenv("SYNCED_TO");
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (from == NULL || to == NULL || length < 0) return;
  path[length] = 0;
  size_t prefix = strlen(from);
  if (strncmp(path, from, prefix) != 0) return;
  if (path[prefix] == 0) keep_names(from, to);
  else if (path[prefix] == '/' && strchr(path + prefix + 1, '/') == NULL) keep_file(fd, to);
}

int fsync(int fd) {
  int (*real)(int) = dlsym(RTLD_NEXT, "fsync");
  int result = real(fd);
  if (result == 0) keep(fd);
  return result;
}

int fdatasync(int fd) {
  int (*real)(int) = dlsym(RTLD_NEXT, "fdatasync");
  int result = real(fd);
  if (result == 0) keep(fd);
  return result;
}
