// Who imports CopyCore also sees what its interface is made of.

@_exported public import CopyWire
@_exported public import PQ
