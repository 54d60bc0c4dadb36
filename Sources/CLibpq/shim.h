/* The whole of libpq's public interface, as Swift sees it. */
#include <libpq-fe.h>

/* What it gives is a copy that shares nothing with the connection: Swift may send it to another thread. */
extern PGcancel *PQgetCancel(PGconn *conn) __attribute__((swift_attr("sending")));
