"""What AWS's policies say: who in the world may do what, and which statement lets them. No Django, no SDK, no network.

- `document` reads a policy; what is none raises `PolicyError`, and is never taken for one that grants nothing.
- `patterns` compares texts with wildcards, `names` the actions and resources that statements list.
- `keys` knows for each condition key what its value says about who asks, with the page of AWS that says so.
- `conditions` answers whether conditions leave strangers out; `addresses` does so for sets of IP addresses.
- `access`, `trust`, `administrator` and `transport` answer the questions that the rules ask.

Answers have three values. A condition narrows by its value, not by its name; an operator or key that is not known here
neither opens nor closes anything, so what depends on it alone is unsure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""
