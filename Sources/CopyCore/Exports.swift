// Who imports CopyCore also sees what its interface is made of: of both modules the few types that are public.

@_exported public import CopyModel
@_exported public import PQ
