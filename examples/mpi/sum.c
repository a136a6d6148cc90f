/* Each rank has its number plus one; together they add them up. Every rank prints the sum that it got. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where it runs: the address by which it was started over ssh, else the name of the machine. */
static void place(char *name) {
  const char *connection = getenv("SSH_CONNECTION");
  int length;
  MPI_Get_processor_name(name, &length);
  if (connection != NULL) sscanf(connection, "%*s %*s %255s", name);
}

int main(int argc, char **argv) {
  char name[MPI_MAX_PROCESSOR_NAME + 256];
  int rank, size;
  long mine, sum;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  mine = rank + 1;
  MPI_Allreduce(&mine, &sum, 1, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
  place(name);
  printf("rank %d of %d on %s: the sum is %ld\n", rank, size, name, sum);
  MPI_Finalize();
  return 0;
}
