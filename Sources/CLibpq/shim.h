/* The whole of libpq's public interface, as Swift sees it. */
#include <libpq-fe.h>
