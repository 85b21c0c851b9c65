"""ink2edge: raw handwriting archives in, on-device recognisers out. Importing this package runs nothing."""
