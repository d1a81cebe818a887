"""What settings learn: trained side by side on equal data from several seeds, and measured by one fixed protocol.

`studies` names the settings, `data` lays out what they learn from, `training` trains one of them, or PyTorch's plain step by
`torch_training`, `protocol` measures what it makes, and `table` puts all beside the first setting.
"""
