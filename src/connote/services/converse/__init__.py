"""The Converse API of Amazon Bedrock: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html.

Thoughts travel in `reasoning_details` too, so that a client can send them back with their signatures: as
`{"type": "reasoning.text", "text": …, "signature": …}`, or encrypted as `{"type": "reasoning.encrypted", "data": …}`.
"""

# By this thoughts are known again.
FORMAT = "amazon-converse-v1"
