/* ptrace() for a User-Mode Linux kernel on a processor with AMX; built by setup.sh, preloaded by umlrun.
 *
 * UML 6.1 keeps 2,696 bytes for the vector state of a process. On a processor with AMX there are 11,008, and setting
 * the state from the short buffer fails (EFAULT): the kernel panics at its start. Here the whole state is read and
 * written, the kernel sees and changes the part that fits, and its processes have no AMX state.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define NT_X86_XSTATE 0x202
#define XSTATE_BV 512                    /* where the header of the state says which parts it has */
#define AMX (1ul << 17 | 1ul << 18)      /* tile configuration, tile data */

static unsigned char whole[32768] __attribute__((aligned(64)));

static long asked(long request, long pid, long address, void *data)
{
    return syscall(SYS_ptrace, request, pid, address, data);
}

long ptrace(enum __ptrace_request request, ...)
{
    va_list rest;
    va_start(rest, request);
    long pid = va_arg(rest, int), address = va_arg(rest, long);
    void *data = va_arg(rest, void *);
    va_end(rest);

    if (request == PTRACE_PEEKTEXT || request == PTRACE_PEEKDATA || request == PTRACE_PEEKUSER) {
        long value;                      /* the C library's convention: the word is the result */
        if (asked(request, pid, address, &value) < 0)
            return -1;
        errno = 0;
        return value;
    }
    if (address != NT_X86_XSTATE || (request != PTRACE_GETREGSET && request != PTRACE_SETREGSET))
        return asked(request, pid, address, data);

    struct iovec *part = data, all = {whole, sizeof whole};
    long done = asked(PTRACE_GETREGSET, pid, address, &all);
    if (done < 0)
        return done;
    size_t length = part->iov_len < all.iov_len ? part->iov_len : all.iov_len;
    if (request == PTRACE_GETREGSET) {
        memcpy(part->iov_base, whole, length);
        part->iov_len = length;
        return done;
    }
    unsigned long parts;
    memcpy(whole, part->iov_base, length);
    memcpy(&parts, whole + XSTATE_BV, sizeof parts);
    parts &= ~AMX;
    memcpy(whole + XSTATE_BV, &parts, sizeof parts);
    return asked(PTRACE_SETREGSET, pid, address, &all);
}
