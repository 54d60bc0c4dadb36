/* X/Open's, which the system's headers as Swift sees them leave out. */
#include <wchar.h>

extern int wcwidth(wchar_t character);
