package Test::Nginx::Util;

# The part of Test::Nginx::Util that OutboundWS::Blocks joins: where the
# server is, and who runs a block.  See Test::Nginx::Socket beside this.

use strict;
use warnings;

our $ServerPort;
our $ServerPortForClient;
our $ErrLogFile;
our $AccLogFile;
our $ErrLogFilePos = 0;     # what stood there before the block, bytes

our $RunTestHelper;
our $CheckErrorLog;


1;
