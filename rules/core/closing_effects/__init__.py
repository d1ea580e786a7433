"""What closing roads does: plans of gritters and bin lorries with and without, and what emergency vehicles reach later."""
