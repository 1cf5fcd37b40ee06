/*
 * ows_mem: heap memory that is wiped before it is given back.
 *
 * Messages, JSON trees and tokens hold secrets; none may survive in freed
 * memory, where a core dump would find it.
 */

#ifndef _OWS_MEM_H_INCLUDED_
#define _OWS_MEM_H_INCLUDED_


#include "ows.h"


/* malloc() and free() with the wiping added; what the module itself uses. */
extern const ows_alloc_t  ows_mem;


/* As malloc(): NULL when there is no memory.  Free with ows_mem_free(). */
void *ows_mem_alloc(size_t size);

/*
 * Wipes the whole block, then free()s it.  Takes any block of malloc(),
 * whoever asked for it, so it can serve as another library's free function.
 */
void ows_mem_free(void *p);


#endif /* _OWS_MEM_H_INCLUDED_ */
