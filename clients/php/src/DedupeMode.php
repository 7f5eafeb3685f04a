<?php

declare(strict_types=1);

namespace Celerity;

/** What happens to a duplicate. */
enum DedupeMode: string
{
    /** It is not sent; the answer is the first task. */
    case Return = 'return';
    /** It is refused with `duplicate-task`. */
    case Reject = 'reject';
    /** It is sent, and the first one revoked. */
    case Replace = 'replace';
    /** The newest of the duplicates runs once the first one has ended. */
    case RequeueLast = 'requeue-last';
}
