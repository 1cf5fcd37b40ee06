/*
 * Preloaded into nginx when TEST_NGINX_SHORT_IO is set: its connections take
 * and give a byte at a time, and every third call would block.
 *
 * What is longer than SHORT_IO_TAIL goes in one piece up to that many bytes
 * before its end, so that long messages do not take forever.
 *
 * nginx may take what is short for "no more for now", and then waits for the
 * edge that epoll reports when there is more.  A byte held back here makes no
 * edge; registering the connection with epoll anew makes one.  Hence only
 * what is registered, and a stream, is cut short.
 */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>


#define SHORT_IO_FDS   65536
#define SHORT_IO_TAIL  256
#define SHORT_IO_IOVS  64


typedef struct {
    int                 epfd;       /* valid while registered */
    struct epoll_event  event;
    unsigned            registered;
    unsigned            turn;
} short_io_fd_t;


/* of one worker: the master's is empty when it forks */
static short_io_fd_t  short_io_fds[SHORT_IO_FDS];

static int (*short_io_epoll_ctl)(int epfd, int op, int fd,
    struct epoll_event *event);
static ssize_t (*short_io_recv)(int fd, void *buf, size_t len, int flags);
static ssize_t (*short_io_send)(int fd, const void *buf, size_t len,
    int flags);
static ssize_t (*short_io_writev)(int fd, const struct iovec *iov, int n);


__attribute__((constructor))
static void
short_io_init(void)
{
    short_io_epoll_ctl = dlsym(RTLD_NEXT, "epoll_ctl");
    short_io_recv = dlsym(RTLD_NEXT, "recv");
    short_io_send = dlsym(RTLD_NEXT, "send");
    short_io_writev = dlsym(RTLD_NEXT, "writev");
}


int
epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
    int             type;
    socklen_t       len = sizeof(type);
    short_io_fd_t  *f;

    if (fd >= 0 && fd < SHORT_IO_FDS) {
        f = &short_io_fds[fd];

        f->registered = op != EPOLL_CTL_DEL
                        && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len)
                           == 0
                        && type == SOCK_STREAM;

        if (f->registered) {
            f->epfd = epfd;
            f->event = *event;
        }
    }

    return short_io_epoll_ctl(epfd, op, fd, event);
}


/*
 * How many of the bytes that can be moved are: 0 stands for "would block".
 * errno stays, for the caller may look at it after a success.
 */

static size_t
short_io_cut(int fd, size_t len)
{
    int             err;
    short_io_fd_t  *f;

    if (fd < 0 || fd >= SHORT_IO_FDS || !short_io_fds[fd].registered) {
        return len;
    }

    err = errno;
    f = &short_io_fds[fd];

    /* fails when the fd was closed meanwhile, and is another one now */
    if (short_io_epoll_ctl(f->epfd, EPOLL_CTL_MOD, fd, &f->event) == -1) {
        f->registered = 0;
        errno = err;
        return len;
    }

    errno = err;

    switch (f->turn++ % 3) {

    case 0:
        return 1;

    case 1:
        return 0;

    default:
        return len > SHORT_IO_TAIL ? len - SHORT_IO_TAIL : 1;
    }
}


ssize_t
recv(int fd, void *buf, size_t len, int flags)
{
    int     waiting;
    size_t  n;

    /* an end, an error or a look ahead is not held back */

    if (len == 0 || flags
        || ioctl(fd, FIONREAD, &waiting) == -1 || waiting <= 0)
    {
        return short_io_recv(fd, buf, len, flags);
    }

    n = short_io_cut(fd, (size_t) waiting < len ? (size_t) waiting : len);

    if (n == 0) {
        errno = EAGAIN;
        return -1;
    }

    return short_io_recv(fd, buf, n, flags);
}


ssize_t
send(int fd, const void *buf, size_t len, int flags)
{
    size_t  n;

    if (len == 0) {
        return short_io_send(fd, buf, len, flags);
    }

    n = short_io_cut(fd, len);

    if (n == 0) {
        errno = EAGAIN;
        return -1;
    }

    return short_io_send(fd, buf, n, flags);
}


ssize_t
writev(int fd, const struct iovec *iov, int n)
{
    int           i;
    size_t        len, left;
    struct iovec  part[SHORT_IO_IOVS];

    if (n <= 0 || n > SHORT_IO_IOVS) {
        return short_io_writev(fd, iov, n);
    }

    for (len = 0, i = 0; i < n; i++) {
        part[i] = iov[i];
        len += iov[i].iov_len;
    }

    left = len ? short_io_cut(fd, len) : 0;

    if (len && left == 0) {
        errno = EAGAIN;
        return -1;
    }

    for (i = 0; i < n; i++) {

        if (part[i].iov_len >= left) {
            part[i].iov_len = left;
            n = i + 1;
            break;
        }

        left -= part[i].iov_len;
    }

    return short_io_writev(fd, part, n);
}
